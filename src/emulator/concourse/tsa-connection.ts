import {Buffer} from 'node:buffer';
import type {Connection, ServerChannel, Session} from 'ssh2';
import {createForwards} from './forwards.js';
import {type Command, parseCommand} from './tsa-commands.js';
import type {TsaLog} from './tsa.js';
import type {World} from './world.js';

export type TsaPeer = {readonly user: string; readonly team: string | undefined};

/** What ssh2 keeps to itself and the gateway's manners need. */
type Internals = {
  _protocol: {
    _handlers: {GLOBAL_REQUEST(...request: unknown[]): void};
    channelData(channel: number, data: Uint8Array): void;
    requestSuccess(): void;
  };
};

type SessionInternals = {_chanInfo: {outgoing: {id: number}}; _ending: boolean};

/** Runs the commands of a peer that has authenticated, each with an entry in the log, until the peer is gone. */
export function serveConnection(
  connection: Connection,
  peer: TsaPeer,
  world: World,
  log: TsaLog[],
): void {
  const forwards = createForwards(connection, world.clock);
  const lost = new AbortController();
  connection.once('close', () => {
    lost.abort();
  });
  acknowledgeKeepalives(connection);

  connection.on('session', (accept) => {
    const session = accept();
    const cancel = new AbortController();
    // An EOF on stdin ends nothing here, but ssh2 would refuse every later request, signals included.
    session.on('eof', () => {
      (session as unknown as SessionInternals)._ending = false;
    });
    session.on('signal', (acceptSignal) => {
      acceptSignal?.();
      cancel.abort();
    });

    session.on('exec', (acceptExec, reject, {command: line}) => {
      const entry: TsaLog = {...peer, keyKnown: true, command: line, exit: undefined};
      log.push(entry);
      const command = parseCommand(line);
      if (typeof command === 'string') {
        writeBeforeReply(connection, session, `invalid command: ${command}`);
        reject();
        return;
      }

      void run(command, acceptExec(), entry, AbortSignal.any([cancel.signal, lost.signal]));
    });
  });

  async function run(
    command: Command,
    channel: ServerChannel,
    entry: TsaLog,
    cancelled: AbortSignal,
  ): Promise<void> {
    channel.on('error', () => undefined);
    const exit = await command({channel, cancelled, forwards, world, team: peer.team});
    if (!channel.writable) {
      return;
    }

    entry.exit = exit;
    channel.exit(exit);
    channel.end();
  }
}

/** The refused command leaves a text on the channel before the refusal, and the channel stays open. */
function writeBeforeReply(connection: Connection, session: Session, text: string): void {
  const {_protocol} = connection as unknown as Internals;
  const {_chanInfo} = session as unknown as SessionInternals;
  _protocol.channelData(_chanInfo.outgoing.id, Buffer.from(text));
}

/** Ssh2 refuses global requests that it does not know; the gateway says yes to every kind of keepalive. */
function acknowledgeKeepalives(connection: Connection): void {
  const {_protocol} = connection as unknown as Internals;
  const handlers = _protocol._handlers;
  const otherwise = handlers.GLOBAL_REQUEST.bind(handlers);
  handlers.GLOBAL_REQUEST = (protocol, name, wantsReply, data) => {
    if (String(name).includes('keepalive')) {
      if (wantsReply === true) {
        _protocol.requestSuccess();
      }

      return;
    }

    otherwise(protocol, name, wantsReply, data);
  };
}
