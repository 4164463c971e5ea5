import assert from 'node:assert/strict';
import { test } from 'node:test';
import { histogramSamples, metricsText } from './metrics.ts';

test('a family is its help, its type and its samples', () => {
  const text = metricsText([
    { name: 'depth', help: 'How many.', type: 'gauge', samples: [{ value: 3 }] },
    { name: 'done_total', help: 'x', type: 'counter', samples: [{ labels: { how: 'well' }, value: 1.5 }] },
    { name: 'none', help: 'y', type: 'gauge', samples: [] },
  ]);
  assert.equal(
    text,
    '# HELP depth How many.\n# TYPE depth gauge\ndepth 3\n' +
      '# HELP done_total x\n# TYPE done_total counter\ndone_total{how="well"} 1.5\n' +
      '# HELP none y\n# TYPE none gauge\n',
  );
});

test('what somebody calls their machine ends no label and no line', () => {
  const samples = [{ labels: { worker: 'a"} 1\nfake 2\\' }, value: 0 }];
  const text = metricsText([{ name: 'm', help: 'one\ntwo', type: 'gauge', samples }]);
  assert.equal(text, '# HELP m one\\ntwo\n# TYPE m gauge\nm{worker="a\\"} 1\\nfake 2\\\\"} 0\n');
});

test('buckets of a histogram hold all that is below them', () => {
  const samples = histogramSamples({ worker: 'w' }, [0.1, 1], { counts: [2, 0, 1], sum: 7.5 });
  assert.equal(
    metricsText([{ name: 's', help: 'h', type: 'histogram', samples }]),
    '# HELP s h\n# TYPE s histogram\n' +
      's_bucket{worker="w",le="0.1"} 2\ns_bucket{worker="w",le="1"} 2\ns_bucket{worker="w",le="+Inf"} 3\n' +
      's_sum{worker="w"} 7.5\ns_count{worker="w"} 3\n',
  );
});
