/** What a Taskcluster client signs its calls with; `certificate` is JSON text, of temporary credentials only. */
export type Credentials = {
  clientId: string;
  accessToken: string;
  certificate?: string | undefined;
};
