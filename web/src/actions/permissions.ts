import { viewer } from '../api/viewer';
import type { Role } from '../api/documents';

const NEEDED = {
  edit: 'TRAINER',
  setStatus: 'TRAINER',
  delete: 'ADMIN',
  failStalled: 'ADMIN',
} as const satisfies Record<string, Role>;

const RANK: Record<Role, number> = { READER: 0, TRAINER: 1, ADMIN: 2 };

/** Whether to offer an action: not before the server has said who the person is. It decides in any case. */
export function may(action: keyof typeof NEEDED): boolean {
  return viewer.value !== null && RANK[viewer.value.role] >= RANK[NEEDED[action]];
}
