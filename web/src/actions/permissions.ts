import { signal } from '@preact/signals';

/** What a token allows; each role may do what the ones before it may. */
export type Role = 'READER' | 'TRAINER' | 'ADMIN';

/** The role of the person at the dashboard. A server that asks for no token lets everyone do everything. */
export const role = signal<Role>('ADMIN');

const NEEDED = {
  edit: 'TRAINER',
  setStatus: 'TRAINER',
  delete: 'ADMIN',
  failStalled: 'ADMIN',
} as const satisfies Record<string, Role>;

const RANK: Record<Role, number> = { READER: 0, TRAINER: 1, ADMIN: 2 };

/** Whether to offer an action. The server decides in any case. */
export function may(action: keyof typeof NEEDED): boolean {
  return RANK[role.value] >= RANK[NEEDED[action]];
}
