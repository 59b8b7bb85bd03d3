// Directories that flotilla uses when nobody names them. Pure, given the environment variables and who runs it.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace apps {

struct surroundings {
    std::function<std::optional<std::string>(const std::string&)> variable;  // an environment variable that is set and not empty
    bool is_root = false;
};

// Of this process.
surroundings real_surroundings();

// $FLOTILLA_STATE; else /var/lib/flotilla for root; else $XDG_STATE_HOME/flotilla or $HOME/.local/state/flotilla; else, without a
// home, "flotilla-state" in the working directory.
std::string default_state_directory(const surroundings& here);

// Where all engines of one user write down who watches which database, whatever their state directories are: /run/lock/flotilla for
// root, else "locks" in the default state directory, $FLOTILLA_STATE left aside.
std::string lock_directory(const surroundings& here);

}  // namespace apps
