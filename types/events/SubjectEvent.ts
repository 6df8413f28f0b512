import { Field, ID, ObjectType } from 'type-graphql';
import { ChangeKind } from '../enums/ChangeKind';
import { type DocumentId } from '../Node';
import { Subject } from '../Subject';

@ObjectType({ description: 'A subject was created, changed or removed.' })
export class SubjectEvent {
  @Field(() => ChangeKind, { description: 'What happened.' })
  kind!: ChangeKind;

  @Field(() => String, { description: 'Opaque; give it as `after` to continue behind this event.' })
  cursor!: string;

  @Field(() => ID, { description: "The subject's id (not its subjectId, which a removed one has no more)." })
  id!: DocumentId;

  @Field(() => Subject, { nullable: true, description: 'The subject as it is now; null when it was removed.' })
  subject!: Subject | null;
}
