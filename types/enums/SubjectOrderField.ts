import { registerEnumType } from 'type-graphql';

/** Values are the stored paths. */
export enum SubjectOrderField {
  SUBJECT_ID = 'subject_id',
  AGE = 'age',
  DATE_ADDED = 'date_added',
  LAST_PROCESSED = 'last_processed',
}

registerEnumType(SubjectOrderField, {
  name: 'SubjectOrderField',
  description: 'A field of a subject to order by.',
  valuesConfig: {
    SUBJECT_ID: { description: 'Identifier in the dataset, by Unicode code points.' },
    AGE: { description: 'Age in years.' },
    DATE_ADDED: { description: 'When the subject was first stored.' },
    LAST_PROCESSED: { description: "When the subject's recordings were last processed." },
  },
});
