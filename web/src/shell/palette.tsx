import { Combobox, Modal, TextInput, useCombobox } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { areas } from '../areas.ts';
import { SearchIcon } from '../icons.ts';
import { matchesSearch } from '../parts/table/column.ts';
import { useReturnFocus } from '../parts/use-return-focus.ts';
import { useMay, useMembership } from '../session.ts';
import css from './palette.module.css';
import { type Command, useCommands } from './use-commands.tsx';

const TYPING_MS = 150;
const finders = areas.flatMap(area => area.finders ?? []);

/** Everything by its name: pages, actions, and the objects that the areas know how to find. */
export function Palette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  const { t } = useTranslation();
  useReturnFocus();
  const [search, setSearch] = useState('');
  const commands = useCommands(onHelp);
  const found = useFound(search);
  const shown = useMemo(
    () => [...commands.filter(command => matchesSearch([command.label, command.group], search)), ...found],
    [commands, found, search],
  );
  // Always open; Escape in the field is what closes it, and the dialog with it.
  const combobox = useCombobox({ opened: true, onOpenedChange: open => open || onClose() });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first of whatever is found now is what Enter takes
  useEffect(() => {
    combobox.selectFirstOption();
  }, [shown]);
  const run = (id: string) => {
    onClose();
    shown.find(command => command.id === id)?.run();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      centered={false}
      padding={0}
      size={560}
      yOffset="12dvh"
      attributes={{ content: { 'aria-label': t('palette.title') } }}
    >
      <Combobox store={combobox} onOptionSubmit={run}>
        <Combobox.EventsTarget withExpandedAttribute>
          <TextInput
            variant="unstyled"
            className={css.search}
            aria-autocomplete="list"
            aria-label={t('palette.title')}
            placeholder={t('palette.placeholder')}
            leftSection={<SearchIcon size={16} />}
            value={search}
            onChange={event => setSearch(event.currentTarget.value)}
            data-autofocus
          />
        </Combobox.EventsTarget>
        <Combobox.Options className={css.options} aria-label={t('palette.title')}>
          {groupsOf(shown).map(({ group, commands: members }) => (
            <Combobox.Group key={group} label={group}>
              {members.map(({ id, label, detail, icon: Icon }) => (
                <Combobox.Option key={id} value={id} className={css.option}>
                  {Icon === undefined ? (
                    <span className={css.noIcon} />
                  ) : (
                    <Icon size={16} aria-hidden="true" />
                  )}
                  <bdi className={css.label}>{label}</bdi>
                  {detail !== undefined && <span className={css.detail}>{detail}</span>}
                </Combobox.Option>
              ))}
            </Combobox.Group>
          ))}
          {shown.length === 0 && <Combobox.Empty>{t('palette.nothing', { query: search })}</Combobox.Empty>}
        </Combobox.Options>
      </Combobox>
    </Modal>
  );
}

/** What the areas find, when the typing pauses; an answer to an older question is dropped. */
function useFound(search: string): Command[] {
  const { t } = useTranslation();
  const may = useMay();
  const workspace = useMembership()?.workspace.slug;
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [found, setFound] = useState<Command[]>([]);
  useEffect(() => {
    let current = true;
    const ask = async () => {
      const answers = await Promise.allSettled(
        finders
          .filter(finder => may(finder.needs))
          .map(async finder => ({
            group: t(`palette.${finder.group}`),
            items: await finder.find(search.trim(), { queries, workspace }),
          })),
      );
      if (!current) return;
      // A finder that fails leaves its group out: the palette still finds everything else.
      setFound(
        answers
          .flatMap(answer => (answer.status === 'fulfilled' ? [answer.value] : []))
          .flatMap(({ group, items }) =>
            items.map(({ id, label, detail, to }) => ({
              id: `${group}:${id}`,
              group,
              label,
              detail,
              run: () => void navigate({ to }),
            })),
          ),
      );
    };
    const timer = setTimeout(ask, search === '' ? 0 : TYPING_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [search, may, workspace, queries, navigate, t]);
  return found;
}

function groupsOf(commands: readonly Command[]): { group: string; commands: Command[] }[] {
  return Object.entries(Object.groupBy(commands, command => command.group)).map(([group, members]) => ({
    group,
    commands: members ?? [],
  }));
}
