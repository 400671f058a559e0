import type {Role, User} from './users.js';
import type {World} from './world.js';

export type Caller =
  | {readonly kind: 'nobody'}
  | {readonly kind: 'system'}
  | {readonly kind: 'user'; readonly user: User};

/** Who an Authorization header speaks for; an unknown or expired token is nobody. */
export function callerOf(world: World, authorization: string | undefined): Caller {
  const parts = (authorization ?? '').split(' ');
  const token = world.tokens.get(parts[1] ?? '');
  const isValid =
    parts.length === 2 &&
    parts[0]?.toLowerCase() === 'bearer' &&
    token !== undefined &&
    world.clock.now() < token.expiresAt;
  if (!isValid) {
    return {kind: 'nobody'};
  }

  return token.user === 'system' ? {kind: 'system'} : {kind: 'user', user: token.user};
}

/** Whether it is an owner of the team `main`; the system is no admin. */
export function isAdmin(caller: Caller): boolean {
  return hasRole(caller, 'main', ['owner']);
}

/** Whether it may act on every worker, global ones too. */
export function isSystemOrAdmin(caller: Caller): boolean {
  return caller.kind === 'system' || isAdmin(caller);
}

/** Only members and owners act on workers, and only on those of their team: nobody is in the team "" of global ones. */
export function canActOn(caller: Caller, team: string): boolean {
  return isSystemOrAdmin(caller) || hasRole(caller, team, ['owner', 'member']);
}

/** The teams in which a user has any role; empty for the system and for nobody. */
export function teamsOf(caller: Caller): string[] {
  if (caller.kind !== 'user') {
    return [];
  }

  return Object.entries(caller.user.teams)
    .filter(([, roles]) => roles.length > 0)
    .map(([team]) => team);
}

function hasRole(caller: Caller, team: string, wanted: readonly Role[]): boolean {
  return caller.kind === 'user' && (caller.user.teams[team] ?? []).some((r) => wanted.includes(r));
}
