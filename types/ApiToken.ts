import { Field, ID, ObjectType } from 'type-graphql';
import { Role } from './enums/Role';
import type { DocumentId } from './Node';
import { DateTime } from './scalars/DateTime';

@ObjectType({ description: 'A token that lets its bearer in. Its secret is not stored, and can not be shown again.' })
export class ApiToken {
  @Field(() => ID, { name: 'id', description: 'Identifies the token; it is also the middle part of the secret.' })
  _id!: DocumentId;

  @Field(() => String, { description: 'Who or what uses it.' })
  name!: string;

  @Field(() => Role, { description: 'What its bearer may do.' })
  role!: Role;

  @Field(() => DateTime, { name: 'createdAt', description: 'When it was made.' })
  created_at!: Date;

  @Field(() => DateTime, {
    name: 'expiresAt',
    nullable: true,
    description: 'From when on it lets nobody in; null for never.',
  })
  expires_at!: Date | null;

  @Field(() => DateTime, {
    name: 'lastUsedAt',
    nullable: true,
    description: 'When it was last shown to a server, to the minute; null for never.',
  })
  last_used_at!: Date | null;
}
