import { Field, Float, ObjectType } from 'type-graphql';

@ObjectType({ description: 'Where the weights are. Opaque text: the server never opens, fetches or checks the file.' })
export class CheckpointFile {
  @Field(() => String, { description: 'Path or URI as logged, such as "checkpoints/run/best_model.pt".' })
  path!: string;

  @Field(() => Float, { name: 'sizeMb', nullable: true, description: 'Size in megabytes.' })
  size_mb!: number | null;

  @Field(() => String, { nullable: true, description: 'Checksum with its algorithm, such as "sha256:a3f5…".' })
  checksum!: string | null;

  @Field(() => String, { nullable: true, description: 'Format of the file, such as "pytorch".' })
  format!: string | null;
}
