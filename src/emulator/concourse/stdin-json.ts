import type {Readable} from 'node:stream';

/** The first JSON object on a stream, read without waiting for its end, as Go's decoder does. */
export async function firstJsonObject(
  stream: Readable,
): Promise<Record<string, unknown> | undefined> {
  return new Promise((resolve) => {
    const decoder = new TextDecoder();
    let text = '';
    const settle = (value: Record<string, unknown> | undefined) => {
      stream.off('data', take);
      // Whatever follows is read and thrown away, so that EOF and close still arrive.
      stream.resume();
      resolve(value);
    };

    const take = (chunk: Uint8Array) => {
      text += decoder.decode(chunk, {stream: true});
      const start = text.trimStart();
      if (start !== '' && !start.startsWith('{')) {
        settle(undefined);
        return;
      }

      const end = endOfObject(start);
      if (end !== undefined) {
        settle(parseObject(start.slice(0, end)));
      }
    };

    stream.on('data', take);
    stream.once('end', () => {
      settle(undefined);
    });
    stream.once('close', () => {
      settle(undefined);
    });
  });
}

function endOfObject(text: string): number | undefined {
  let depth = 0;
  for (const {0: token, index} of text.matchAll(/"(?:[^"\\]|\\.)*"|[\[\]\{\}]/gsv)) {
    if (token === '{' || token === '[') {
      depth++;
    } else if ((token === '}' || token === ']') && --depth === 0) {
      return index + 1;
    }
  }

  return undefined;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
