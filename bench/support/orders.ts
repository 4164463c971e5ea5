/** Rows as a shop has them: numbers that run on, text of few and of many values, money, moments. About 50 bytes each, compressed. */
export function orders(from: number, to: number): string {
  return `SELECT range AS id, 'customer ' || (hash(range) % 1000000) AS customer,
    ['Berlin', 'Lyon', 'Oslo', 'Porto', 'Gdańsk'][(1 + hash(range, 1) % 5)::INTEGER] AS city,
    (hash(range, 2) % 100)::INTEGER AS quantity, (hash(range, 3) % 1000000 / 100)::DECIMAL(10, 2) AS amount,
    (hash(range, 4) % 1000) / 1000.0::DOUBLE AS discount, hash(range, 5) % 3 = 0 AS paid,
    TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_seconds(range) AS placed_at,
    CASE WHEN hash(range, 6) % 4 = 0 THEN 'note ' || hash(range, 7) END AS note
    FROM range(${from}, ${to})`;
}

export const ORDER_COLUMNS = `id: long, customer: string, city: string, quantity: int, amount: decimal(10, 2),
  discount: double, paid: boolean, placed_at: timestamptz, note: string`;
