import { forgetToken, hasToken } from '../api/session';
import { viewer } from '../api/viewer';
import { Menu } from './menu';

const ALLOWED = {
  READER: 'may read',
  TRAINER: 'may read and write',
  ADMIN: 'may do everything',
} as const;

/** Whose token is in use, and a way to put it away; nothing on a server that asks for none. */
export function Account() {
  const who = viewer.value;
  if (!hasToken.value || who === null || who.name === null) return null;
  return (
    <Menu label={<span class="account-name">{who.name}</span>} end>
      {(close) => (
        <div class="account">
          <p class="quiet">This token {ALLOWED[who.role]}.</p>
          <button
            type="button"
            class="button"
            onClick={() => {
              close();
              forgetToken();
            }}
          >
            Forget the token
          </button>
        </div>
      )}
    </Menu>
  );
}
