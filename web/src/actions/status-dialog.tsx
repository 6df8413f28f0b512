import { useState } from 'preact/hooks';
import { UpdateExperimentStatusDocument, type ExperimentStatus } from '../api/documents';
import { request } from '../api/request';
import type { LiveRun, RunDetails } from '../run/live-run';
import { Dialog } from '../ui/dialog';
import { say } from '../ui/toast';
import { FormFoot } from './form-foot';
import { useSubmit } from './use-submit';

const MEANINGS: Record<ExperimentStatus, string> = {
  RUNNING: 'Running: it goes on, and its end is cleared',
  COMPLETED: 'Completed: it ran to its planned end',
  FAILED: 'Failed: an error ended it',
  STOPPED: 'Stopped: a person ended it',
};

/** The states that a run may be set to from the one it is in. */
function nextOf(status: ExperimentStatus): ExperimentStatus[] {
  return status === 'RUNNING' ? ['FAILED', 'STOPPED', 'COMPLETED'] : ['RUNNING'];
}

/** Sets where a run stands, as its trainer would have. */
export function StatusDialog({ run, details, onClose }: { run: LiveRun; details: RunDetails; onClose: () => void }) {
  const [choices] = useState(nextOf(details.status));
  const [status, setStatus] = useState(choices[0]!);
  const { submit, fault, isBusy } = useSubmit(async () => {
    const input = { experimentId: details.id, status };
    const { updateExperimentStatus } = await request(UpdateExperimentStatusDocument, { input });
    run.takeRecord(updateExperimentStatus.experiment);
    say('The state is set.');
    onClose();
  });
  return (
    <Dialog title="Set the state" onClose={onClose}>
      <form onSubmit={submit}>
        <p class="quiet">
          {details.liveness === 'STALLED'
            ? 'This run says that it is running, but has gone silent. A trainer that is still there may set it back.'
            : 'Trainers set this themselves; do it for one that can’t.'}
        </p>
        <fieldset class="choices">
          <legend class="hidden-visually">State</legend>
          {choices.map((choice) => (
            <label key={choice} class="inline">
              <input type="radio" name="status" checked={status === choice} onChange={() => setStatus(choice)} />
              {MEANINGS[choice]}
            </label>
          ))}
        </fieldset>
        <FormFoot fault={fault} isBusy={isBusy} action="Set the state" onCancel={onClose} />
      </form>
    </Dialog>
  );
}
