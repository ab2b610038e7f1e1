# Stands in for OpenWrt's package.mk: BuildPackage leaves for each package
#
#   OUT/NAME/fields/   a file for each field and script that is set, such as DEPENDS or postinst
#   OUT/NAME/root/     what it installs

PKG_BUILD_DIR?=$(BUILD_DIR)/$(PKG_NAME)-$(PKG_VERSION)

all:

prepare:
	$(Build/Prepare)

compile: prepare
	$(Build/Configure)
	$(Build/Compile)

define Package/Default
  CATEGORY:=
  CONFLICTS:=
  DEPENDS:=
  LICENSE:=$(PKG_LICENSE)
  LICENSE_FILES:=$(PKG_LICENSE_FILES)
  MAINTAINER:=$(PKG_MAINTAINER)
  PKGARCH:=$(ARCH_PACKAGES)
  PROVIDES:=
  SECTION:=
  SUBMENU:=
  TITLE:=
  URL:=
  USERID:=
  VERSION:=$(PKG_VERSION)-r$(PKG_RELEASE)
endef

# Fields by the names of variables, and the rest by those of Package/NAME/...
FIELDS:=CONFLICTS DEPENDS LICENSE LICENSE_FILES MAINTAINER PKGARCH PROVIDES SECTION SUBMENU TITLE \
	URL USERID VERSION
TEXTS:=description conffiles preinst postinst prerm postrm

# 1: package, 2: name, 3: text
define WriteField
$(if $(strip $(3)),$(file >$(OUT)/$(1)/fields/$(2),$(3)))
endef

define BuildPackage
$(eval $(Package/Default))
$(eval $(Package/$(1)))
$(shell mkdir -p $(OUT)/$(1)/fields $(OUT)/$(1)/root)
$(foreach name,$(FIELDS),$(call WriteField,$(1),$(name),$($(name))))
$(foreach name,$(TEXTS),$(call WriteField,$(1),$(name),$(Package/$(1)/$(name))))
all: install-$(1)
install-$(1): compile
	$(call Package/$(1)/install,$(OUT)/$(1)/root)
.PHONY: all prepare compile install-$(1)
endef
