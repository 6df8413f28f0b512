import { Field, ObjectType } from 'type-graphql';
import { Subject } from '../Subject';

@ObjectType({ description: 'One place in a page of subjects.' })
export class SubjectEdge {
  @Field(() => String, { description: 'Opaque; marks this place for `after` and `before`.' })
  cursor!: string;

  @Field(() => Subject, { description: 'The record at this place.' })
  node!: Subject;
}
