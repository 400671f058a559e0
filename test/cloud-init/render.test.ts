import {inspect} from 'node:util';
import {expect, test} from '@jest/globals';
import {load} from 'js-yaml';
import {UsageError} from '../../src/errors.js';
import {together} from '../../src/cloud-init/problems.js';
import {renderUserData} from '../../src/cloud-init/render.js';
import {secret} from '../../src/cloud-init/secret.js';
import {readTemplate, shippedTemplatePath} from '../../src/cloud-init/template.js';

const render = async (text: string, values = {}, options = {}) =>
  renderUserData({name: 'my.hbs', text: `#cloud-config\n${text}`}, values, options);

async function problemsOf(rendering: Promise<unknown>): Promise<string[]> {
  const error = await rendering.catch((error: unknown) => error);
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).problems;
}

test('values are quoted inline and as the contents of a file', async () => {
  const userData = await render(
    `a: {{yaml x}}
files:
  - content: {{#yaml}}
      [Unit]
      {{#if x}}
      X={{env x}}
      {{/if}}
        indented

      end
      {{/yaml}}
  - content: {{#yaml}}{{x}}!{{/yaml}}
b: 1
`,
    {x: 'one\n    "two"\n'},
  );

  expect(load(userData)).toEqual({
    a: 'one\n    "two"\n',
    files: [
      {content: '[Unit]\nX="one\n    \\"two\\"\n"\n  indented\n\nend\n'},
      {content: 'one\n    "two"\n!'},
    ],
    b: 1,
  });
});

test('a YAML file can be written inside a file', async () => {
  const userData = await render('content: {{#yaml}}\n  token: {{yaml x}}\n  {{/yaml}}\n', {
    x: 'a\n ü: "😀',
  });

  const {content} = load(userData) as {content: string};
  expect(load(content)).toEqual({token: 'a\n ü: "😀'});
});

test.each([
  ['{{foo}}', 'foo'],
  ['{{yaml foo}}', 'foo'],
  ['{{#if foo}}x{{/if}}', 'foo'],
  ['{{#yaml}}{{env foo}}{{/yaml}}', 'foo'],
  ['{{yaml vars.foo}}', 'vars.foo'],
  ['{{constructor}}', 'constructor'],
  ['{{toString}}', 'toString'],
])('%s names the value that is not there', async (template, name) => {
  const problems = await problemsOf(render(`a: ${template}`, {vars: {bar: ''}}));

  expect(problems).toEqual([`my.hbs: there is no {{${name}}}`]);
});

test.each(['log', 'nope'])('a helper {{%s x}} that is not there is named', async (helper) => {
  expect(await problemsOf(render(`a: {{${helper} x}}`, {x: 1}))).toEqual([
    `my.hbs: there is no {{${helper}}}`,
  ]);
});

test('a partial that is not there is named, unless a value names it', async () => {
  expect(await problemsOf(render('a: {{> nope}}', {}))).toEqual(['my.hbs: there is no {{> nope}}']);
  expect(await problemsOf(render('a: {{> (lookup this "x")}}', {x: 'hush'}))).toEqual([
    'my.hbs: uses a value or a helper in a way that does not fit it',
  ]);
});

test('a value that is there but undefined is one to ask for', async () => {
  expect(await render('a: {{#if team}}1{{else}}2{{/if}}', {team: undefined})).toContain('a: 2');
});

test('a template that cannot be parsed is a problem with its line', async () => {
  expect(await problemsOf(render('a: 1\nb: {{#if x}}', {x: 1}))).toEqual([
    'my.hbs is no valid template: Parse error on line 3',
  ]);
});

test('all that is wrong with the user-data comes in one error', async () => {
  const text = `a: 1\r\nb: é\n- ${'x'.repeat(65_536)}`;

  expect(await problemsOf(renderUserData({name: 'my.hbs', text}, {}))).toEqual([
    'my.hbs renders user-data whose first line is not #cloud-config',
    expect.stringMatching(/carriage return in line 1/v),
    expect.stringMatching(/not ASCII in line 2.*\{\{yaml/v),
    'my.hbs renders 65550 bytes of user-data; DigitalOcean takes at most 65536',
    expect.stringMatching(/^my.hbs renders no valid YAML: .* in line 3$/v),
  ]);
});

test('64 KiB are allowed, one byte more is not', async () => {
  const text = (bytes: number) => 'a: '.padEnd(bytes - '#cloud-config\n'.length, 'x');

  const largest = await render(text(65_536));
  const problems = await problemsOf(render(text(65_537)));

  expect(largest).toHaveLength(65_536);
  expect(problems).toEqual([expect.stringMatching(/65537 bytes/v)]);
});

test.each(['- a\n- b\n', 'text'])('%j is YAML but holds no settings', async (text) => {
  expect(await problemsOf(render(text))).toEqual([expect.stringMatching(/not a mapping/v)]);
});

test.each([
  '#cloud-config-archive\n- a: 1',
  ' #cloud-config\na: 1',
  '\n#cloud-config\na: 1',
  '\u{FEFF}#cloud-config\na: 1',
])('%j does not begin as cloud-init wants it', async (text) => {
  const problems = await problemsOf(renderUserData({name: 'my.hbs', text}, {}));

  expect(problems[0]).toMatch(/first line is not #cloud-config/v);
});

test.each([
  'a: {{key}}',
  'a: *{{key}}',
  'a: !{{key}} x',
  'a: !<{{key}}> x',
  '{{key}}: {{key}}: 1',
  'a: {{key.part}}',
  'a: {{#yaml}}{{yaml key}}{{/yaml}} "',
  'a: é {{yaml key}}',
])('no problem of %j quotes a secret', async (text) => {
  const problems = await problemsOf(render(text, {key: secret('*hunter2: "hunter2')}));

  expect(problems.join('\n')).not.toContain('hunter2');
});

test('the redacted form has a mask for every secret and is else the same', async () => {
  const values = {key: secret('hunter2\nhunter2'), vars: {token: secret('hunter2')}, name: 'a'};
  const text =
    'a: {{yaml key}}\nb: {{#yaml}}x: {{yaml vars.token}}{{/yaml}}\nc: {{#yaml}}K={{env key}}{{/yaml}}\nd: {{yaml name}}';

  const redacted = await render(text, values, {redactSecrets: true});

  expect(redacted).toBe(
    String.raw`#cloud-config
a: "‹redacted›"
b: "x: \"‹redacted›\""
c: "K=\"‹redacted›\""
d: "a"`,
  );
  expect(await render(text, values)).toMatch(/hunter2/v);
});

test('the redacted form is refused for what the real one is refused', async () => {
  const rendering = render(
    'a: {{yaml key}}',
    {key: secret('x'.repeat(70_000))},
    {redactSecrets: true},
  );

  expect(await problemsOf(rendering)).toEqual([expect.stringMatching(/at most 65536/v)]);
});

test('a secret shows in no print of the values', () => {
  const values = {key: secret('hunter2')};

  expect(inspect(values, {depth: 9, showHidden: true})).not.toContain('hunter2');
  expect(JSON.stringify(values)).not.toContain('hunter2');
});

test('half a surrogate pair in a value is named', async () => {
  expect(await problemsOf(render('a: {{vars.x}}', {vars: {x: 'a\u{D800}'}}))).toEqual([
    expect.stringMatching(/^\{\{vars.x\}\} has half/v),
  ]);
});

test('a template that is not there is a problem, not a bug', async () => {
  expect(await problemsOf(readTemplate('/no/such.hbs'))).toEqual([
    'Template /no/such.hbs cannot be read (ENOENT)',
  ]);
});

test('the shipped template is found from the source', async () => {
  const {text} = await readTemplate(shippedTemplatePath('concourse-worker'));

  expect(text).toMatch(/^#cloud-config\n/v);
});

test('the problems of several parts come in one error, a bug as itself', async () => {
  const parts = {
    good: () => 1,
    bad() {
      throw new UsageError(['one', 'two']);
    },
    async worse() {
      throw new UsageError(['three']);
    },
  };

  expect(await problemsOf(together(parts))).toEqual(['one', 'two', 'three']);
  await expect(
    together({
      ...parts,
      async bug() {
        throw new TypeError('x');
      },
    }),
  ).rejects.toThrow(TypeError);
  expect(await together({a: () => 1, b: async () => 'x'})).toEqual({a: 1, b: 'x'});
});
