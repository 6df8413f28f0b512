import { useState } from 'preact/hooks';
import { ApiFailure } from '../api/request';

/** Runs the work of a form: what failed as a sentence, and whether it is under way, so that nothing is sent twice. */
export function useSubmit(work: () => Promise<void>): {
  submit: (event: SubmitEvent) => void;
  fault: string | undefined;
  isBusy: boolean;
} {
  const [fault, setFault] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const run = async (): Promise<void> => {
    setBusy(true);
    setFault(undefined);
    try {
      await work();
    } catch (error) {
      setFault(error instanceof ApiFailure ? error.message : String(error));
      setBusy(false);
    }
  };
  return {
    submit: (event) => {
      event.preventDefault();
      if (!isBusy) void run();
    },
    fault,
    isBusy,
  };
}
