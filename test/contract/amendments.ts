import type {OpenApi} from './openapi.js';

type Amendment = {fact: string; amend: (document: OpenApi) => void};

/** Where the service was observed to differ from its published schema. The facts win. */
export const amendments: Amendment[] = [
  {
    fact: 'section 9: regions atl1, mem1, mkc1 and ric1 exist, the enum lacks them',
    amend({components: {schemas}}) {
      schemas.region_slug!.enum!.push('atl1', 'mem1', 'mkc1', 'ric1');
    },
  },
  {
    fact: 'section 9: AlmaLinux images exist, the enum of distributions lacks it',
    amend({components: {schemas}}) {
      schemas.distribution!.enum!.push('AlmaLinux');
    },
  },
  {
    fact: 'section 9: one-click images have the type application',
    amend({components: {schemas}}) {
      schemas.image!.properties!.type!.enum!.push('application');
    },
  },
  {
    fact: 'section 3: the href of an action link was relative',
    amend({components: {schemas}}) {
      schemas.action_link!.properties!.href!.format = 'uri-reference';
    },
  },
  {
    fact: 'section 6: the type of an action decides its form, but a power_off fits two forms of one',
    amend({paths}) {
      const {schema} =
        paths['/v2/droplets/actions']!.post!.requestBody!.content['application/json']!;
      schema.anyOf = schema.oneOf!;
      delete schema.oneOf;
    },
  },
];

export function amended(document: OpenApi, left = amendments): OpenApi {
  const copy = structuredClone(document);
  for (const {amend} of left) {
    amend(copy);
  }

  return copy;
}
