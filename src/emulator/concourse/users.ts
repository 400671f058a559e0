export type Role = 'owner' | 'member' | 'pipeline-operator' | 'viewer';

export type User = {
  readonly username: string;
  readonly password: string;
  /** Roles by team; an owner of `main` is an admin. */
  readonly teams: Readonly<Record<string, readonly Role[]>>;
};

/** `ada:secret:dev=member+viewer,ops=owner` */
export function parseUser(text: string): User {
  const [username = '', password = '', teams = ''] = text.split(':', 3);
  const pairs = teams.split(',').filter(Boolean);
  return {
    username,
    password,
    teams: Object.fromEntries(
      pairs.map((pair) => {
        const [team = '', roles = 'member'] = pair.split('=', 2);
        return [team, roles.split('+') as Role[]];
      }),
    ),
  };
}

/** `dev:member` twice for one team gives both roles. */
export function parseRoles(entries: readonly string[]): Record<string, Role[]> {
  const teams: Record<string, Role[]> = {};
  for (const entry of entries) {
    const [team = '', role = 'member'] = entry.split(':', 2);
    (teams[team] ??= []).push(role as Role);
  }

  return teams;
}
