import { ArgsType, Field, Int } from 'type-graphql';
import { PageArgs } from './PageArgs';

@ArgsType()
export class EpochPageArgs extends PageArgs {
  @Field(() => Int, { nullable: true, description: 'Only epochs from this number on, itself included.' })
  from?: number | null;

  @Field(() => Int, { nullable: true, description: 'Only epochs up to this number, itself included.' })
  to?: number | null;
}
