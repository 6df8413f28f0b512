/** The end of a dialog's form: what went wrong, and the two ways out. */
export function FormFoot({
  fault,
  isBusy,
  isDisabled = false,
  isDanger = false,
  action,
  onCancel,
}: {
  fault: string | undefined;
  isBusy: boolean;
  isDisabled?: boolean;
  isDanger?: boolean;
  action: string;
  onCancel: () => void;
}) {
  return (
    <>
      {fault !== undefined && (
        <p class="field-fault" role="alert">
          {fault}
        </p>
      )}
      <div class="row">
        <button type="button" class="button" onClick={onCancel}>
          Cancel
        </button>
        <button class={`button primary${isDanger ? ' danger' : ''}`} disabled={isBusy || isDisabled}>
          {action}
        </button>
      </div>
    </>
  );
}
