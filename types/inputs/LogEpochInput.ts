import { Field, ID, InputType } from 'type-graphql';
import { EpochConflict } from '../enums/EpochConflict';
import { EpochInput } from './EpochInput';

@InputType({ description: 'One epoch of a run. Safe to retry: a run has at most one record for each number.' })
export class LogEpochInput extends EpochInput {
  @Field(() => ID, { description: 'The run. Must exist.' })
  experimentId!: string;

  @Field(() => EpochConflict, {
    nullable: true,
    defaultValue: EpochConflict.REPLACE,
    description: 'What to do when the epoch is stored already with other content.',
  })
  onConflict?: EpochConflict | null;
}
