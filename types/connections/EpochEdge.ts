import { Field, ObjectType } from 'type-graphql';
import { Epoch } from '../Epoch';

@ObjectType({ description: 'One place in a page of epochs.' })
export class EpochEdge {
  @Field(() => String, { description: 'Opaque; marks this place for `after` and `before`.' })
  cursor!: string;

  @Field(() => Epoch, { description: 'The record at this place.' })
  node!: Epoch;
}
