import { Extensions } from 'type-graphql';
import type { Role } from '../types/enums/Role';

/** Declares who may ask for a root field; src/auth/roles enforces it, and every root field needs one. */
export function Needs(role: Role): MethodDecorator {
  return Extensions({ role });
}
