import { useState } from 'preact/hooks';
import { DeleteExperimentDocument } from '../api/documents';
import { request } from '../api/request';
import { selection } from '../experiments/selection';
import { plural } from '../format';
import { navigate } from '../routing';
import type { RunDetails } from '../run/live-run';
import { Dialog } from '../ui/dialog';
import { say } from '../ui/toast';
import { FormFoot } from './form-foot';
import { useSubmit } from './use-submit';

/** Deletes a run with its epochs and checkpoints, once its name was typed. */
export function DeleteDialog({ details, onClose }: { details: RunDetails; onClose: () => void }) {
  const [typed, setTyped] = useState('');
  const { submit, fault, isBusy } = useSubmit(async () => {
    const { deleteExperiment } = await request(DeleteExperimentDocument, { id: details.id });
    selection.value = selection.peek().filter((id) => id !== details.id);
    navigate('/');
    say(
      `${details.name} is deleted, with ${plural(deleteExperiment.deletedEpochs, 'epoch')} and ` +
        `${plural(deleteExperiment.deletedCheckpoints, 'checkpoint')}.`,
    );
  });
  return (
    <Dialog title="Delete this run" onClose={onClose}>
      <form onSubmit={submit}>
        <p class="quiet">
          The run, its {plural(details.metrics.totalEpochs ?? 0, 'epoch')} and its{' '}
          {plural(details.checkpoints.totalCount, 'checkpoint')} are removed for good. Files of checkpoints stay where
          they are.
        </p>
        <label>
          <span>
            Type <b>{details.name}</b> to confirm
          </span>
          <input
            class="field"
            autocomplete="off"
            spellcheck={false}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </label>
        <FormFoot
          fault={fault}
          isBusy={isBusy}
          isDisabled={typed !== details.name}
          isDanger
          action="Delete for good"
          onCancel={onClose}
        />
      </form>
    </Dialog>
  );
}
