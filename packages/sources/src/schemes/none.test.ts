import { describeScheme } from '../../test/describe-scheme.ts';
import { none } from './none.ts';

describeScheme({ name: 'none', scheme: none, signs: false, sign: () => ({}) });
