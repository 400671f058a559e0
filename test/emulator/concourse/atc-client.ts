import {Buffer} from 'node:buffer';
import type {ConcourseEmulator} from '../../../src/emulator/concourse/server.js';

export type Answer = {status: number; text: string; headers: Headers};

export type Call = (method: string, path: string, body?: unknown) => Promise<Answer>;

export const loginForm = {
  grant_type: 'password',
  scope: 'openid profile email federated:id groups',
};

export async function requestToken(
  emulator: ConcourseEmulator,
  form: Record<string, string>,
  {client = 'fly:Zmx5', path = '/sky/issuer/token'} = {},
): Promise<Answer> {
  const response = await fetch(new URL(path, emulator.url), {
    method: 'POST',
    headers: {authorization: `Basic ${Buffer.from(client).toString('base64')}`},
    body: new URLSearchParams(form),
  });
  return {status: response.status, text: await response.text(), headers: response.headers};
}

export function accessToken({text}: Answer): string {
  return (JSON.parse(text) as {access_token: string}).access_token;
}

/** Calls with the token of a user (`name`, whose password is `name`), of the TSA ("system") or of nobody. */
export async function callAs(emulator: ConcourseEmulator, who: string): Promise<Call> {
  if (who === 'nobody') {
    return callWith(emulator, undefined);
  }

  const answer = await (who === 'system'
    ? requestToken(
        emulator,
        {grant_type: 'client_credentials'},
        {client: 'concourse-worker:Y29uY291cnNlLXdvcmtlcgo='},
      )
    : requestToken(emulator, {...loginForm, username: who, password: who}));
  return callWith(emulator, accessToken(answer));
}

export function callWith(emulator: ConcourseEmulator, token: string | undefined): Call {
  return async (method, path, body) => {
    const response = await fetch(new URL(path, emulator.url), {
      method,
      headers: token === undefined ? {} : {authorization: `Bearer ${token}`},
      ...(body !== undefined && {body: typeof body === 'string' ? body : JSON.stringify(body)}),
    });
    return {status: response.status, text: await response.text(), headers: response.headers};
  };
}

/** Admin `test`, member `dev` of team dev, viewer `guest` of dev, and `lonely` without any team. */
export const people = {
  teams: ['ops'],
  users: ['dev:dev:dev=member', 'guest:guest:dev=viewer', 'lonely:lonely:'],
};
