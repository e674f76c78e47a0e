/** A test that fails on a crowded machine gets a second chance; the first failure is printed all the same. */
import { jest } from '@jest/globals';

jest.retryTimes(1, { logErrorsBeforeRetry: true });
