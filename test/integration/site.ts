import { inject } from 'vitest';
import { openSiteOn, type Site, type SiteOptions } from '../lab/site.ts';

export { conditionIn, type Site } from '../lab/site.ts';

/** Opens a namespace of the lab that all integration tests share, with an operator that looks at it alone. */
export const openSite = (name: string, options: SiteOptions = {}): Promise<Site> => openSiteOn({ lab: inject('lab'), operatorProgram: inject('operatorProgram') }, name, options);
