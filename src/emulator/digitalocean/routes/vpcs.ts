import {randomUUID} from 'node:crypto';
import {ApiError, notFound, unprocessable} from '../api-error.js';
import {fields, noContent, type App} from '../app.js';
import type {Vpc} from '../entities.js';
import {page} from '../pages.js';
import {demand, timestamp, type World} from '../world.js';

/** VPCs; a region's default one and one with members cannot be deleted (facts 10). */
export function vpcRoutes(app: App, world: World): void {
  const {vpcs, droplets, regions} = world.store;
  const find = (id: string) => {
    const vpc = vpcs.get(id);
    if (!vpc) {
      throw notFound();
    }

    return vpc;
  };

  const membersOf = ({id}: Vpc) =>
    [...droplets.values()].filter(({vpcUuid, status}) => vpcUuid === id && status !== 'new');

  app.get('/v2/vpcs', (c) => {
    demand(world, 'vpc:read');
    return page(c, 'vpcs', [...vpcs.values()], presentVpc);
  });

  app.post('/v2/vpcs', (c) => {
    demand(world, 'vpc:create');
    const {name, region, description, ip_range: range} = fields(c);
    if (typeof name !== 'string' || !/^[\d\-.a-z]+$/iv.test(name)) {
      throw unprocessable('name is invalid');
    }

    if ([...vpcs.values()].some((vpc) => vpc.name === name)) {
      throw unprocessable('This name is already used.');
    }

    const home = regions.find(({slug}) => slug === region);
    if (!home) {
      throw unprocessable('region is invalid');
    }

    const vpc: Vpc = {
      id: randomUUID(),
      name,
      description: typeof description === 'string' ? description : '',
      region: home.slug,
      ipRange: typeof range === 'string' ? range : `10.${200 + (vpcs.size % 50)}.0.0/20`,
      isDefault: false,
      createdAt: world.now(),
    };
    vpcs.set(vpc.id, vpc);
    return c.json({vpc: presentVpc(vpc)}, 201);
  });

  app.get('/v2/vpcs/:id', (c) => {
    demand(world, 'vpc:read');
    return c.json({vpc: presentVpc(find(c.req.param('id')))});
  });

  app.delete('/v2/vpcs/:id', (c) => {
    demand(world, 'vpc:delete');
    const vpc = find(c.req.param('id'));
    if (vpc.isDefault) {
      throw new ApiError(403, 'Can not delete default VPCs');
    }

    if (membersOf(vpc).length > 0) {
      throw new ApiError(409, 'Can not delete VPC with members');
    }

    vpcs.delete(vpc.id);
    return noContent(c);
  });

  app.get('/v2/vpcs/:id/members', (c) => {
    demand(world, 'vpc:read');
    return page(c, 'members', membersOf(find(c.req.param('id'))), ({id, name, createdAt}) => ({
      urn: `do:droplet:${id}`,
      name,
      created_at: timestamp(createdAt),
    }));
  });
}

function presentVpc({id, name, description, region, ipRange, isDefault, createdAt}: Vpc) {
  return {
    id,
    urn: `do:vpc:${id}`,
    name,
    description,
    region,
    ip_range: ipRange,
    default: isDefault,
    created_at: timestamp(createdAt),
  };
}
