/** One field of the runner configuration, as the usage text and the README tell of it. */
export type FieldText = {
  name: string;
  /** `string`, `boolean`, `number` or `object`. */
  type: string;
  isRequired: boolean;
  text: string;
};
