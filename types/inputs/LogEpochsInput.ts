import { Field, ID, InputType } from 'type-graphql';
import { EpochConflict } from '../enums/EpochConflict';
import { EpochInput } from './EpochInput';

@InputType({ description: 'Up to 1000 epochs of one run, such as a spool that is delivered late.' })
export class LogEpochsInput {
  @Field(() => ID, { description: 'The run. Must exist.' })
  experimentId!: string;

  @Field(() => [EpochInput], {
    description: 'The epochs, 1 to 1000, taken in this order: of two with the same number the later one counts.',
  })
  epochs!: EpochInput[];

  @Field(() => EpochConflict, {
    nullable: true,
    defaultValue: EpochConflict.REPLACE,
    description: 'What to do with an epoch that is stored already with other content.',
  })
  onConflict?: EpochConflict | null;
}
