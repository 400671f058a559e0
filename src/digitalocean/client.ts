import {ApiError} from '../errors.js';
import {createRateLimit, type RateLimit} from '../rate-limit.js';
import {
  createHttp,
  type Http,
  type HttpOptions,
  type Method,
  type RequestOptions,
} from '../http.js';
import {asDroplet, forgiving, listIn, tagsHidden, withAdvice} from './answers.js';
import {findable, type Findable, type Found} from './findable.js';
import {everyPage, pageSize, scopesToList, type ListPage, type Listed} from './pages.js';
import type {Account, Droplet, NewDroplets, Page, Size, Tag} from './types.js';

type Options = Pick<HttpOptions, 'url' | 'secondMs' | 'timeoutMs'> & {token: string};

type ListOptions = {withGpus?: boolean};

/** DigitalOcean API v2: one method per endpoint that is used, pages followed, envelopes unwrapped. */
export class DigitalOcean {
  readonly #http: Http;
  readonly #rateLimit: RateLimit;
  readonly #spellings = new Map<string, string>();

  constructor({url, token, secondMs = 1000, timeoutMs}: Options) {
    // 250 a minute and 5,000 an hour, each sliding (facts 2), less what requests on their way may make of it.
    this.#rateLimit = createRateLimit({
      service: 'DigitalOcean',
      secondMs,
      perMinute: 240,
      reserve: 100,
    });
    this.#http = createHttp('DigitalOcean', {
      url,
      headers: {authorization: `Bearer ${token}`},
      secrets: [token],
      secondMs,
      timeoutMs,
      rateLimit: this.#rateLimit,
    });
  }

  /** How many requests were sent. */
  get requests(): number {
    return this.#rateLimit.sent();
  }

  /** DigitalOcean's own time at its last answer, in milliseconds: the clock that stamps `created_at`. */
  get time(): number | undefined {
    return this.#rateLimit.serviceTime();
  }

  /** From now on the last of the hourly budget is not for deletes alone, but for the lists that they need too. */
  openReserve(): void {
    this.#rateLimit.openReserve();
  }

  /**
   * Droplets with this tag, each once; a page that fails fails the listing. Whether a listing by tag has GPU droplets
   * is not known (facts 5), so `withGpus` lists those on their own too.
   */
  async dropletsTagged(
    tag: string,
    signal?: AbortSignal,
    {withGpus = false}: ListOptions = {},
  ): Promise<Droplet[]> {
    const [listed, gpus] = await Promise.all([
      this.#tagged(tag, signal),
      withGpus ? this.#gpus(signal) : [],
    ]);
    const droplets = [...listed];
    for (const droplet of gpus) {
      const isTagged = droplet.tags?.some((each) => each.toLowerCase() === tag.toLowerCase());
      if (isTagged === true && listed.every(({id}) => id !== droplet.id)) {
        droplets.push(droplet);
      }
    }

    const isHidden = ({tags}: Droplet) => (tags ?? []).length === 0;
    const hidden = droplets.find(isHidden) ?? gpus.find(({tags}) => tags === undefined);
    return hidden === undefined ? droplets.map(asDroplet) : tagsHidden(hidden);
  }

  /** Droplets with exactly this name, whatever their tags. */
  async dropletsNamed(
    name: string,
    signal?: AbortSignal,
    {withGpus = false}: ListOptions = {},
  ): Promise<Droplet[]> {
    const [listed, gpus] = await Promise.all([
      this.#pages<Droplet>('droplets', {name}, signal),
      withGpus ? this.#gpus(signal) : [],
    ]);
    return [...listed, ...gpus.filter((droplet) => droplet.name === name)].map(asDroplet);
  }

  /** All tags as the account spells them. Counts may lag (facts 7), or know of a droplet that no list shows yet. */
  async tags(signal?: AbortSignal): Promise<Array<{name: string; count: number}>> {
    const tags = await this.#pages<Tag>('tags', {}, signal);
    return tags.map(({name, resources}) => ({name, count: resources?.count ?? 0}));
  }

  /** Whether a listing shows a droplet with this tag, as it is spelled in the account. */
  async isTagInUse(tag: string, signal?: AbortSignal): Promise<boolean> {
    const [droplets, gpus] = await Promise.all([
      this.#pages<Droplet>('droplets', {tag_name: tag}, signal),
      this.#gpus(signal),
    ]);
    return droplets.length > 0 || gpus.some(({tags}) => tags?.includes(tag) ?? tags === undefined);
  }

  /**
   * Takes the tag off everything that has it; deletes nothing else. Resolves also when it was gone already. The signal
   * only keeps it from being sent.
   */
  async deleteTag(tag: string, signal?: AbortSignal): Promise<void> {
    const path = `v2/tags/${encodeURIComponent(tag)}`;
    await forgiving(404, this.#call('DELETE', path, 'tag:delete', {betweenAttempts: signal}));
  }

  /** The first page of all droplets and how many there are in the account. */
  async firstDroplets(signal?: AbortSignal): Promise<{droplets: Droplet[]; total: number}> {
    const page = await this.#call<Page & {droplets: Droplet[]}>(
      'GET',
      'v2/droplets',
      'droplet:read',
      {query: {per_page: pageSize}, signal},
    );
    const droplets = listIn<Droplet>(page, 'droplets');
    const hidden = droplets.find(({tags}) => tags === undefined);
    return hidden === undefined
      ? {droplets: droplets.map(asDroplet), total: page.meta?.total ?? droplets.length}
      : tagsHidden(hidden);
  }

  /** One POST of at most 10 names: what DigitalOcean says it will make. The signal only keeps it from being sent. */
  async createDroplets(droplets: NewDroplets, signal?: AbortSignal): Promise<Droplet[]> {
    const answer = await this.#call<{droplets: Droplet[]}>(
      'POST',
      'v2/droplets',
      // All that a create pulls in (facts 11).
      'droplet:create actions:read image:read regions:read sizes:read tag:create tag:read (and vpc:read with a VPC)',
      {json: droplets, betweenAttempts: signal},
    );
    return listIn<Droplet>(answer, 'droplets').map(asDroplet);
  }

  /** Undefined when DigitalOcean does not know it, as also for some seconds after its creation. */
  async droplet(id: number, signal?: AbortSignal): Promise<Droplet | undefined> {
    const call = this.#call<{droplet: Droplet}>('GET', `v2/droplets/${id}`, 'droplet:read', {
      signal,
    });
    const answer = await forgiving(404, call);
    return answer && asDroplet(answer.droplet);
  }

  /** False when it was gone already. */
  async deleteDroplet(id: number, signal?: AbortSignal): Promise<boolean> {
    const call = this.#call('DELETE', `v2/droplets/${id}`, 'droplet:delete', {signal});
    return (await forgiving(404, call)) !== undefined;
  }

  /** Every size of the catalogue, sold-out ones and those that no region offers among them. */
  async sizes(signal?: AbortSignal): Promise<Size[]> {
    return this.#pages<Size>('sizes', {}, signal);
  }

  /** The account of the token, without its droplet limit unless the scope droplet:read is there (facts 10). */
  async account(signal?: AbortSignal): Promise<Account> {
    const answer = await this.#call<{account: Account}>('GET', 'v2/account', 'account:read', {
      signal,
    });
    return answer.account;
  }

  /** One by its id, an image also by its slug and a key by its MD5 fingerprint; undefined when the account has none. */
  async find(
    what: Findable,
    id: string | number,
    signal?: AbortSignal,
  ): Promise<Found | undefined> {
    const {path, scope} = findable[what];
    const thing = `v2/${path}/${encodeURIComponent(id)}`;
    return forgiving(404, this.#call<Found>('GET', thing, scope, {signal}));
  }

  /** Adds a public key, an OpenSSH line, to the account; one that it has already is refused with 422 (facts 8). */
  async addSshKey(name: string, publicKey: string, signal?: AbortSignal): Promise<void> {
    await this.#call('POST', 'v2/account/keys', 'ssh_key:create', {
      json: {name, public_key: publicKey},
      signal,
    });
  }

  /** A tag keeps the first spelling that the account ever gave it, and lists know it by that alone (facts 7). */
  async #tagged(tag: string, signal?: AbortSignal): Promise<Droplet[]> {
    const known = this.#spellings.get(tag);
    const droplets = await this.#pages<Droplet>('droplets', {tag_name: known ?? tag}, signal);
    if (droplets.length > 0 || known !== undefined) {
      this.#spellings.set(tag, known ?? tag);
      return droplets;
    }

    const tags = await this.tags(signal);
    const spelling = tags.find(({name}) => name.toLowerCase() === tag)?.name ?? tag;
    this.#spellings.set(tag, spelling);
    return spelling === tag ? [] : this.#pages<Droplet>('droplets', {tag_name: spelling}, signal);
  }

  /** They are missing from lists of all droplets and of those of a name. */
  async #gpus(signal?: AbortSignal): Promise<Droplet[]> {
    return this.#pages<Droplet>('droplets', {type: 'gpus'}, signal);
  }

  async #pages<Item extends Listed>(
    root: keyof typeof scopesToList,
    query: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<Item[]> {
    const get = async (page: string) =>
      this.#call<ListPage<Item>>('GET', `v2/${root}`, scopesToList[root], {
        query: {...query, page, per_page: pageSize},
        signal,
      });
    // A tag that nothing carries may be a 404; a later page never is.
    const first = 'tag_name' in query ? await forgiving(404, get('1')) : await get('1');
    if (first === undefined) {
      await this.firstDroplets(signal);
      return [];
    }

    return everyPage(root, first, get);
  }

  async #call<T>(
    method: Method,
    path: string,
    scopes: string,
    options: RequestOptions,
  ): Promise<T> {
    try {
      return await this.#http<T>(method, path, options);
    } catch (error) {
      throw error instanceof ApiError ? withAdvice(error, `${method} ${path}`, scopes) : error;
    }
  }
}
