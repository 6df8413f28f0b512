import { useState } from 'preact/hooks';
import type { LiveRun, RunDetails } from '../run/live-run';
import { Menu } from '../ui/menu';
import { DeleteDialog } from './delete-dialog';
import { may } from './permissions';
import { RecordDialog } from './record-dialog';
import { StatusDialog } from './status-dialog';
import './actions.css';

type Open = 'record' | 'status' | 'delete' | null;

/** What may be done with a run; nothing for those who may only read. */
export function RunActions({ run, details }: { run: LiveRun; details: RunDetails }) {
  const [open, setOpen] = useState<Open>(null);
  const close = (): void => setOpen(null);
  const actions: [Open, string][] = [];
  if (may('edit')) actions.push(['record', 'Edit note and tags …']);
  if (may('setStatus')) actions.push(['status', 'Set the state …']);
  if (may('delete')) actions.push(['delete', 'Delete …']);
  if (actions.length === 0) return null;
  return (
    <>
      <Menu label="Actions" end>
        {(closeMenu) => (
          <ul class="action-list">
            {actions.map(([action, title]) => (
              <li key={action}>
                <button
                  type="button"
                  class={action === 'delete' ? 'danger' : ''}
                  onClick={() => {
                    closeMenu();
                    setOpen(action);
                  }}
                >
                  {title}
                </button>
              </li>
            ))}
          </ul>
        )}
      </Menu>
      {open === 'record' && <RecordDialog run={run} details={details} onClose={close} />}
      {open === 'status' && <StatusDialog run={run} details={details} onClose={close} />}
      {open === 'delete' && <DeleteDialog details={details} onClose={close} />}
    </>
  );
}
