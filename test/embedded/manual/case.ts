import { Decimal128, Double, Long } from 'bson';

/** A double, which a JavaScript whole number is not when the driver sends it. */
export const D = (n: number): Double => new Double(n);
/** An int64. */
export const L = (n: number): Long => Long.fromNumber(n);
export const DEC = (text: string): Decimal128 => Decimal128.fromString(text);

/** An answer that must be an error: with this code, or with any where the codes differ between versions. */
export class Fails {
  constructor(readonly code?: number) {}
}
export const fails = (code?: number): Fails => new Fails(code);

/** Each case begins with the page of MongoDB's manual that says so, below https://www.mongodb.com/docs/manual/. */
export type QueryCase = [page: string, documents: object[], filter: object, matching: number[] | Fails];
export type SortCase = [page: string, documents: object[], sort: object, order: number[] | Fails];
export type ProjectionCase = [page: string, document: object, projection: object, result: object | Fails];
/** `before` null is an upsert of the filter; `after` is the document then, without `_id` for a made one. */
export type UpdateCase = [page: string, before: object | null, update: object, after: object | Fails, filter?: object];
/** The value of an expression over a document; undefined is a missing field. */
export type ExpressionCase = [page: string, expression: unknown, value: unknown, document?: object];
export type PipelineCase = [page: string, documents: object[], pipeline: object[], result: object[] | Fails];
