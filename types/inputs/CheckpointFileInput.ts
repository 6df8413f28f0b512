import { Field, Float, InputType } from 'type-graphql';

@InputType({ description: 'Where the weights are.' })
export class CheckpointFileInput {
  @Field(() => String, { description: 'Path or URI; opaque text that the server never opens. Not empty.' })
  path!: string;

  @Field(() => Float, { nullable: true, description: 'Size in megabytes, 0 or more.' })
  sizeMb?: number | null;

  @Field(() => String, { nullable: true, description: 'Checksum with its algorithm, such as "sha256:a3f5…".' })
  checksum?: string | null;

  @Field(() => String, { nullable: true, description: 'Format of the file, such as "pytorch".' })
  format?: string | null;
}
