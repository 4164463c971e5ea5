import { useTranslation } from 'react-i18next';
import { useApiChange } from '../../api.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Form } from '../../parts/form/form.tsx';
import { toastDone } from '../../parts/toasts.tsx';

type MountValues = {
  name: string;
  url: string;
  warehouse: string;
  auth: string;
  client_id: string;
  secret: string;
};

const AUTHS = ['none', 'token', 'oauth2'] as const;

/** Tried before it is kept: a catalog that cannot be reached is told here, not found broken later. */
export function MountDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('lake');
  const create = useApiChange('lake_mounts.create', { also: ['lake_tables', 'lake_namespaces', 'lake'] });
  return (
    <Dialog title={t('mounts.add')} onClose={onClose}>
      <Form<MountValues>
        fields={[
          { name: 'name', kind: 'text', label: t('list.name'), required: true },
          {
            name: 'url',
            kind: 'text',
            label: t('mounts.url'),
            required: true,
            mono: true,
          },
          { name: 'warehouse', kind: 'text', label: t('mounts.warehouse'), mono: true },
          {
            name: 'auth',
            kind: 'choice',
            label: t('mounts.auth'),
            required: true,
            options: AUTHS.map(value => ({ value, label: t(`mounts.auths.${value}`) })),
          },
          {
            name: 'client_id',
            kind: 'text',
            label: t('mounts.client_id'),
            description: t('mounts.client_help'),
          },
          { name: 'secret', kind: 'password', label: t('mounts.secret'), autoComplete: 'off' },
        ]}
        initial={{ name: '', url: '', warehouse: '', auth: 'none', client_id: '', secret: '' }}
        submit={t('mounts.save')}
        onCancel={onClose}
        onDone={onClose}
        run={async ({ name, url, warehouse, auth, client_id, secret }) => {
          const mount = await create.mutateAsync({
            body: {
              name,
              url,
              warehouse: warehouse || null,
              auth: AUTHS.find(one => one === auth) ?? 'none',
              client_id: client_id || null,
              ...(secret !== '' && { secret }),
            },
          });
          toastDone({ message: t('mounts.added', { name: mount.name }) });
        }}
      />
    </Dialog>
  );
}
