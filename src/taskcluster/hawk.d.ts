/** The part of hawk that is used; the package has no types. */
declare module 'hawk' {
  export type HeaderOptions = {
    credentials: {id: string; key: string; algorithm: 'sha256'};
    ext?: string | undefined;
  };

  const hawk: {
    client: {header(url: URL, method: string, options: HeaderOptions): {header: string}};
  };
  export default hawk;
}
