import { useState } from 'preact/hooks';
import { UpdateExperimentDocument } from '../api/documents';
import { request } from '../api/request';
import type { LiveRun, RunDetails } from '../run/live-run';
import { Dialog } from '../ui/dialog';
import { say } from '../ui/toast';
import { FormFoot } from './form-foot';
import { useSubmit } from './use-submit';

/** Changes a run's note and tags. Tags that others add meanwhile stay. */
export function RecordDialog({ run, details, onClose }: { run: LiveRun; details: RunDetails; onClose: () => void }) {
  const [note, setNote] = useState(details.note ?? '');
  const [tags, setTags] = useState(details.tags.join(', '));
  // What the person saw when the dialog opened; only what they changed is sent.
  const [before] = useState({ note: details.note ?? '', tags: details.tags });
  const { submit, fault, isBusy } = useSubmit(async () => {
    const wanted = [...new Set(tags.split(',').map((tag) => tag.trim()))].filter(Boolean);
    const addTags = wanted.filter((tag) => !before.tags.includes(tag));
    const removeTags = before.tags.filter((tag) => !wanted.includes(tag));
    const input = {
      id: details.id,
      ...(note === before.note ? {} : { note: note.trim() === '' ? null : note }),
      ...(addTags.length > 0 ? { addTags } : {}),
      ...(removeTags.length > 0 ? { removeTags } : {}),
    };
    if (Object.keys(input).length > 1) {
      const { updateExperiment } = await request(UpdateExperimentDocument, { input });
      run.takeRecord(updateExperiment.experiment);
      say('Saved.');
    }
    onClose();
  });
  return (
    <Dialog title="Note and tags" onClose={onClose}>
      <form onSubmit={submit}>
        <label>
          Note
          <textarea class="field" rows={5} value={note} onInput={(event) => setNote(event.currentTarget.value)} />
        </label>
        <label>
          Tags, with commas between
          <input class="field" value={tags} onInput={(event) => setTags(event.currentTarget.value)} />
        </label>
        <FormFoot fault={fault} isBusy={isBusy} action="Save" onCancel={onClose} />
      </form>
    </Dialog>
  );
}
