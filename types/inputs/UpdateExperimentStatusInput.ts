import { Field, ID, InputType } from 'type-graphql';
import { ExperimentStatus } from '../enums/ExperimentStatus';
import { DateTime } from '../scalars/DateTime';
import { MetricMap } from '../scalars/MetricMap';

@InputType({
  description:
    'A new status. RUNNING may become any other, any other may become RUNNING (a resumed run), and the same status may ' +
    'be said again; every other move fails with CONFLICT.',
})
export class UpdateExperimentStatusInput {
  @Field(() => ID, { description: 'The run.' })
  experimentId!: string;

  @Field(() => ExperimentStatus, { description: 'Where it stands now.' })
  status!: ExperimentStatus;

  @Field(() => MetricMap, {
    nullable: true,
    description:
      'Metrics of the run as a whole, merged into the stored ones. They stand beside what the epochs say, also where the ' +
      'two differ, until the next epoch is stored or removed.',
  })
  metrics?: Map<string, number> | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When it ended. Now if left out for a status other than RUNNING; cleared by RUNNING.',
  })
  endTime?: Date | null;

  @Field(() => String, { nullable: true, description: 'New note; the stored one stays if left out, null clears it.' })
  note?: string | null;
}
