import { useState } from 'preact/hooks';
import { tokenWanted, useToken as takeToken } from '../api/session';
import { Dialog } from './dialog';

/** Asks for a token when the server does. */
export function TokenDialog() {
  const why = tokenWanted.value;
  const [value, setValue] = useState('');
  const [remember, setRemember] = useState(false);
  if (why === null) return null;
  return (
    <Dialog title="A token is needed" onClose={() => (tokenWanted.value = null)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (value.trim() === '') return;
          takeToken(value.trim(), remember);
          setValue('');
        }}
      >
        <p class="quiet">
          {why === 'refused'
            ? 'The server does not know the token that this browser has; it may have expired or been revoked.'
            : 'This server shows its runs to those who have a token. An administrator makes one.'}
        </p>
        <label>
          Token
          <input
            class="field mono"
            type="password"
            autocomplete="current-password"
            spellcheck={false}
            value={value}
            onInput={(event) => setValue(event.currentTarget.value)}
          />
        </label>
        <label class="inline">
          <input type="checkbox" checked={remember} onChange={(event) => setRemember(event.currentTarget.checked)} />
          Keep it in this browser
        </label>
        <div class="row">
          <button class="button primary" disabled={value.trim() === ''}>
            Use the token
          </button>
        </div>
      </form>
    </Dialog>
  );
}
