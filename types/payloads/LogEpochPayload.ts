import { Field, ObjectType } from 'type-graphql';
import { WriteOutcome } from '../enums/WriteOutcome';
import { Epoch } from '../Epoch';

@ObjectType({ description: 'What logEpoch did.' })
export class LogEpochPayload {
  @Field(() => Epoch, { description: 'The epoch as it is stored.' })
  epoch!: Epoch;

  @Field(() => WriteOutcome, { description: 'Whether it was new, replaced another, or was there already.' })
  outcome!: WriteOutcome;
}
