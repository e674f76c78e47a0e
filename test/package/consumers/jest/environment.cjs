/** Loads the package outside jest's module system and gives it to the tests as a global. */
const { TestEnvironment } = require('jest-environment-node');

module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    this.global.alchemist = require('alchemist-node');
  }
};
