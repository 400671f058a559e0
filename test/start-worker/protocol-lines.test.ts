import {PassThrough, Readable} from 'node:stream';
import {expect, test} from '@jest/globals';
import fc from 'fast-check';
import {formatMessage, parseMessage, readLines} from '../../src/start-worker/protocol-lines.js';

const generous = 1_000_000;

async function linesOf(chunks: Buffer[], limitBytes = generous): Promise<string[]> {
  const stream = Readable.from(chunks, {objectMode: true});
  return Readable.from(readLines(stream, limitBytes)).toArray() as Promise<string[]>;
}

function cutAt(bytes: Buffer, cuts: number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b)];
  return places.map((from, index) => bytes.subarray(from, places[index + 1] ?? bytes.length));
}

test('gives the same lines however the bytes are cut', async () => {
  const line = fc.string({unit: 'grapheme'}).map((text) => text.replaceAll('\n', ' '));

  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat()), async (lines, cuts) => {
      const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''));

      expect(await linesOf(cutAt(bytes, cuts))).toEqual(lines);
    }),
  );
});

test.each([1, 7, 64])(
  'reads junk, a cut-off message and a tail in chunks of %i bytes',
  async (size) => {
    const bytes = Buffer.from('~{"type":"a"}\njünk ☃\r\n~{"type":"b\n\n~{"type":"c"}');
    const chunks = Array.from({length: Math.ceil(bytes.length / size)}, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );

    expect(await linesOf(chunks)).toEqual([
      '~{"type":"a"}',
      'jünk ☃\r',
      '~{"type":"b',
      '',
      '~{"type":"c"}',
    ]);
  },
);

test('holds no more of a line than the limit, and reads the next one whole', async () => {
  const chunks = [
    ...Array.from({length: 50}, () => Buffer.from('x'.repeat(10))),
    Buffer.from('\nnext\n'),
  ];

  expect(await linesOf(chunks, 25)).toEqual([`${'x'.repeat(25)} [cut after 25 bytes]`, 'next']);
});

test('a message above the limit is no message', async () => {
  const bytes = Buffer.from(`~{"type":"a"}${'x'.repeat(30)}\n`);

  const [line] = await linesOf([bytes], 13);

  expect(parseMessage(line!)).toBeUndefined();
});

test('keeps what came before the stream broke', async () => {
  const stream = new PassThrough();
  stream.write('one\ntw');
  const lines: string[] = [];

  for await (const line of readLines(stream, generous)) {
    lines.push(line);
    stream.destroy(new Error('read EIO'));
  }

  expect(lines).toEqual(['one', 'tw']);
});

test.each([
  '',
  '~',
  '~{}',
  '{"type":"a"}',
  '~["type"]',
  '~{"type":"a"',
  '~{"type":5}',
  '~{"type":"a"}}',
  '~ {"type":"a"}',
  '~{nonsense}',
])('%j is no message', (line) => {
  expect(parseMessage(line)).toBeUndefined();
});

test('reads back any message that was written, with white space around it', () => {
  fc.assert(
    fc.property(fc.string(), fc.jsonValue(), (type, body) => {
      const line = formatMessage(type, {body: body as null});

      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(formatMessage(type, parseMessage(` ${line}\r`)!)).toBe(line);
    }),
  );
});
