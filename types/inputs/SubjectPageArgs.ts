import { ArgsType, Field } from 'type-graphql';
import { Split } from '../enums/Split';
import { PageArgs } from './PageArgs';

@ArgsType()
export class SubjectPageArgs extends PageArgs {
  @Field(() => Split, {
    nullable: true,
    description: "Only subjects in this split of the experiment's challenge; none if it has no challenge with splits.",
  })
  split?: Split | null;
}
