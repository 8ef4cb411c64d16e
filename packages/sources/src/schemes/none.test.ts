import { describeScheme } from '../../test/describe-scheme.ts';

describeScheme({ name: 'none', options: { type: 'none' }, proves: 'nothing', sign: () => ({}) });
