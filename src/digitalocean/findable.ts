/** What an account has that can be asked for by its id: where, and the scope that it takes. */
export const findable = {
  image: {path: 'images', scope: 'image:read'},
  sshKey: {path: 'account/keys', scope: 'ssh_key:read'},
  vpc: {path: 'vpcs', scope: 'vpc:read'},
};

export type Findable = keyof typeof findable;

/** What is read of the answer. */
export type Found = {vpc?: {region: string}};
