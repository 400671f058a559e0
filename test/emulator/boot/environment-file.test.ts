import {expect, test} from '@jest/globals';
import {parseEnvironmentFile} from '../../../src/emulator/boot/environment-file.js';

const parse = (text: string) => Object.fromEntries(parseEnvironmentFile(text));

for (const [what, text, variables] of [
  ['plain values, trimmed', 'A= b c \t\nB=', {A: 'b c', B: ''}],
  [
    'comments and lines without =',
    '# A=1\n; B=2\nnothing\nC=3 # not a comment',
    {C: '3 # not a comment'},
  ],
  ['single quotes literally', String.raw`A='a\n"b" $x'`, {A: String.raw`a\n"b" $x`}],
  ['escapes in double quotes', String.raw`A="a\"b\\c\$d\e"`, {A: String.raw`a"b\c$d\e`}],
  ['quoted parts in a row', 'A="a "\'b\'"c"', {A: 'a bc'}],
  ['quotes within a plain value as they are', 'A=a"b"', {A: 'a"b"'}],
  ['backslashes in plain values', String.raw`A=a\ b\\c`, {A: String.raw`a b\c`}],
  ['a quote behind an escaped character as it is', String.raw`A=\ "b"`, {A: ' "b"'}],
  ['line continuation', 'A=a\\\nb\nB="c\\\nd"', {A: 'ab', B: 'cd'}],
  ['new lines in quotes', 'A="a\nb"\nC=1', {A: 'a\nb', C: '1'}],
  ['kept blanks in quotes', 'A="  a  "', {A: '  a  '}],
  ['the last of two values', 'A=1\nA=2', {A: '2'}],
  ['no names that are none', '1A=1\nA-B=2\nexport C=3\n_D=4', {_D: '4'}],
] as const) {
  test(`reads ${what}`, () => {
    expect(parse(text)).toEqual(variables);
  });
}
